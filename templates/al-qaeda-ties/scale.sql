SELECT * FROM scale_bar(29.75, 61.0, 200)
