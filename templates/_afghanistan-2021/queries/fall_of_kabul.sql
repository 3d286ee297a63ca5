-- The day that divides before from after, once it is known.
SELECT id, title, strftime(date_start, '%-d %B %Y') AS label FROM fall_of_kabul()
