-- What a page is about, for the line below its heading: nothing, unless a brief has a query of this name of its own.
SELECT NULL AS id, NULL AS abbreviation, NULL AS long_name, NULL AS affiliation, NULL AS aliases, NULL AS note
WHERE false
