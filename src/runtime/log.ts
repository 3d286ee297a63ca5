/** Where events are written down for programs: fields first, then a sentence. Addresses never stand in either. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
