import { z } from 'zod';

/** A text that a database takes: PostgreSQL knows no zero byte. */
export const storable = z.string().refine((text) => !text.includes('\0'), 'holds a zero byte');
