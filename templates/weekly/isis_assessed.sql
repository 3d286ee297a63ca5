SELECT * FROM first_assessment('isis')
