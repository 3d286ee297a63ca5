SELECT * FROM scale_bar(33.62, 69.2, 20)
