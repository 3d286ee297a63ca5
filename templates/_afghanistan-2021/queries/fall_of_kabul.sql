-- The day that divides before from after, once it is known.
SELECT id, title, long_day(date_start) AS label FROM fall_of_kabul()
