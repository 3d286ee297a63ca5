-- Macros that every brief's queries can use.

-- A circle of `km` kilometres around a point as a GeoJSON feature, for the uncertainty of a place. The outline runs
-- clockwise, as d3 expects of a filled area. Flat-earth steps are exact enough below a few hundred kilometres.
CREATE MACRO circle(lat, lon, km) AS {
  'type': 'Feature',
  'properties': {'km': km},
  'geometry': {
    'type': 'Polygon',
    'coordinates': [list_transform(range(0, 65), lambda i: [
      round(lon + km / (111.32 * cos(radians(lat))) * sin(radians(i * 360 / 64)), 4),
      round(lat + km / 110.57 * cos(radians(i * 360 / 64)), 4)
    ])]
  }
};

-- The bound of a measure in words, for labels; the figure itself never stands without it.
CREATE MACRO bound_words(bound) AS CASE bound WHEN '>=' THEN 'at least' WHEN '~' THEN 'about' ELSE '' END;

-- `20 Aug`, for labels.
CREATE MACRO day_label(d) AS strftime(d, '%-d %b');

-- A scale bar of `km` kilometres eastward from a point, as one row's columns.
CREATE MACRO scale_bar(at_lat, at_lon, km) AS TABLE
  SELECT
    at_lat AS lat,
    at_lon AS lon,
    at_lat AS lat2,
    at_lon + km / (111.32 * cos(radians(at_lat))) AS lon2,
    km || ' km' AS label;
