-- Reports give distances in miles: so does the scale.
SELECT * REPLACE ('100 miles (161 km)' AS label) FROM scale_bar(37, 61.0, 100 * 1.609344)
