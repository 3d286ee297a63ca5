-- Why a point of the map may be off, where its place is none that maps agree on.
SELECT id, name, note
FROM places
WHERE kind = 'locality' AND note IS NOT NULL AND id IN (SELECT place FROM events WHERE topic = 'isis')
ORDER BY id
