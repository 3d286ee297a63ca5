SELECT id, date_start AS start, coalesce(date_end, date_start) AS "end", title AS label FROM fall_of_kabul()
