SELECT * FROM weekly_assessments('celebrations')
