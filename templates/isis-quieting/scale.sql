-- Reports give the distance of a place in miles: so does the scale.
SELECT * REPLACE ('20 miles (32 km)' AS label) FROM scale_bar(33.62, 69.2, 20 * 1.609344)
