SELECT id, date_start AS start, date_end AS "end", title AS label FROM fall_of_kabul()
