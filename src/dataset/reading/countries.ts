import countries from 'i18n-iso-countries';

/** The alpha-2 code for any ISO 3166-1 code or English country name; other text is returned unchanged. */
export function countryCode(given: string): string {
  if (given === '' || /^[A-Z]{2}$/.test(given)) return given;
  const code = /^\d{1,3}$/.test(given)
    ? countries.numericToAlpha2(given.padStart(3, '0'))
    : /^[A-Za-z]{3}$/.test(given)
      ? countries.alpha3ToAlpha2(given.toUpperCase())
      : countries.getSimpleAlpha2Code(given, 'en');
  return code ?? given;
}
