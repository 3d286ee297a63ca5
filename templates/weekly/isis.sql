SELECT * FROM bottom_line_facts('isis')
