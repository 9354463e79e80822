import { z } from 'zod';

/** What undo steps say of a container: enough to find this very one, and to tell that it was started anew since. */
export const containerMarkSchema = z.strictObject({
  engine: z.string(),
  id: z.string(),
  name: z.string(),
  startedAt: z.string(),
});

export type ContainerMark = z.output<typeof containerMarkSchema>;
