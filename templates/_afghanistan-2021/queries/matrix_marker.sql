-- The fall of Kabul, once something was said on it or after it.
SELECT k.id, k.date_start AS day, k.title || ', ' || day_label(k.date_start) AS label
FROM fall_of_kabul() AS k
JOIN matrix_span() AS m ON k.date_start BETWEEN m.first AND m.last - 1
