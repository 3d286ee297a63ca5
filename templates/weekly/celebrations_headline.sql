SELECT * FROM topic_headline('celebrations')
