-- The fall of Kabul stands before the first column after it, once there is one.
SELECT
  k.id,
  (SELECT count(*) FROM matrix_days() AS d WHERE d.date_start < k.date_start) AS column_order,
  k.title || ', ' || day_label(k.date_start) AS label
FROM fall_of_kabul() AS k
WHERE EXISTS (SELECT 1 FROM matrix_days() AS d WHERE d.date_start >= k.date_start)
