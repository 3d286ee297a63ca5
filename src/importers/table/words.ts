/**
 * Common names of columns, by incident column: English | French | German | Spanish | Arabic. In small letters, without
 * spaces and signs; accents are not compared. Of several in one table, the first here is taken.
 */
const words = {
  id: 'id eventid incidentid reference ref no caseid number | numéro n identifiant | nr lfdnr aktenzeichen kennung nummer | identificador referencia | المعرف الرقم رقم',
  start:
    'start date eventdate incidentdate datestart startdate day when from | jour datedébut début datedelévénement | datum tag beginn von ereignisdatum | fecha día inicio desde fechadelevento | التاريخ تاريخ اليوم تاريخالحادث',
  end: 'end enddate dateend to | fin datefin | ende bis enddatum | fechafin hasta | النهاية تاريخالنهاية',
  published_on:
    'published publishedon updated lastupdated reportdate datereported | publiéle datedepublication miseàjour | veröffentlicht meldedatum gemeldetam | publicado fechadepublicacion | تاريخالنشر',
  kind: 'kind type eventtype incidenttype typeofattack typeofincident category attacktype1txt attacktype | catégorie typedévénement typedincident | art typ kategorie vorfallart ereignisart artdesvorfalls | tipo categoría tipodeevento tipodeincidente | النوع نوع نوعالحادث',
  sub_kind:
    'subkind subtype subeventtype subcategory weaptype1txt | soustype souscatégorie | unterart untertyp unterkategorie | subtipo subcategoría | النوعالفرعي',
  side_a:
    'sidea actor actor1 actors group gname perpetrator attacker responsible | acteur acteurs groupe auteur auteurs | täter akteur akteure gruppe | actores grupo autor autores perpetrador | الفاعل الجهة الجماعة',
  side_b:
    'sideb actor2 target target1 targets victim victims | cible victime victimes | ziel opfer | objetivo blanco víctima víctimas | الهدف الضحية الضحايا',
  country:
    'country countrytxt countrycode countryname iso iso2 iso3 | pays | land staat ländercode | país | البلد الدولة بلد دولة',
  admin1:
    'admin1 adm1 province provstate state governorate region oblast | gouvernorat wilaya | bundesland provinz | provincia estado | المحافظة الولاية محافظة ولاية',
  admin2:
    'admin2 adm2 district county department municipality | département commune | kreis landkreis bezirk gemeinde | departamento distrito municipio | المديرية القضاء الناحية',
  place:
    'place location city town village locality site port portarea area | lieu ville localité endroit | ort stadt ortschaft dorf | lugar ciudad localidad sitio | المكان الموقع المدينة',
  lat: 'lat latitude y | | breite breitengrad | latitud | خطالعرض العرض',
  lon: 'lon lng long longitude x | | länge längengrad | longitud | خطالطول الطول',
  deaths_best:
    'deaths killed fatalities dead nkill deathsbest best | morts décès tués nombredemorts nombrededécès | tote toten getötete todesopfer todesfälle anzahltote | muertos fallecidos muertes víctimasmortales | القتلى قتلى الوفيات عددالقتلى',
  title: 'title headline name | titre intitulé | titel überschrift | título titular | العنوان',
  summary:
    'summary notes description details narrative comment comments remarks | résumé commentaire commentaires remarques | beschreibung bemerkung bemerkungen anmerkung notiz notizen zusammenfassung | descripción resumen notas detalles observaciones comentarios | الوصف الملخص ملاحظات التفاصيل',
  source: 'source sources scite1 reportedby | | quelle quellen | fuente fuentes | المصدر المصادر',
  url: 'url link sourceurl href | lien | | enlace | الرابط',
  marking: 'marking tlp',
  year: 'year iyear | année | jahr | año | السنة',
  month: 'month imonth | mois | monat | mes | الشهر',
  day: 'day iday | jour | tag | día | اليوم',
};

/** Texts that mean "not given", in small letters. `NA` is none of them, because it is a country, and "none" may be a number. */
export const blankTexts = [
  ...'- – — ? n/a #n/a null unknown | inconnu inconnue n.c. | unbekannt k.a. | desconocido desconocida s/d | مجهول'.split(
    /[\s|]+/,
  ),
  'k. a.',
  'non connu',
  'sin datos',
  'غير معروف',
];

/** A column's name as the lists have it: `Nº de décès` is `nodedeces`. */
const plain = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\d]/gu, '');

const wordsFor = new Map<string, readonly string[]>(
  Object.entries(words).map(([column, text]) => [column, text.split(/[\s|]+/).map(plain)]),
);

/** The columns that have such names, without the first day and its parts. */
export const columnsWithWords = [...wordsFor.keys()].filter(
  (column) => !['start', 'year', 'month', 'day'].includes(column),
);

/** The first of `names` that is called like an incident column or a part of a day: "Anzahl Tote" like `deaths_best`. */
export const columnLike = (column: string, names: Iterable<string>): string | undefined =>
  first(column, [...names], (name) => [plain(name)]);

/** One that has such a word among others: "Crew killed". */
export const columnWith = (column: string, names: Iterable<string>): string | undefined =>
  first(column, [...names], (name) => name.split(/[^\p{L}\p{M}\d]+/u).map(plain));

const first = (
  column: string,
  names: readonly string[],
  partsOf: (name: string) => readonly string[],
): string | undefined =>
  wordsFor.get(column)?.flatMap((word) => names.filter((name) => partsOf(name).includes(word)))[0];
