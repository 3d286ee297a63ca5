SELECT * FROM first_assessment('celebrations')
