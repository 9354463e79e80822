/** What the HTTP API answers instead of a result. The texts are Toxiproxy's own: clients compare them. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export const badBody = (why: string) => new ApiError(400, `bad request body: ${why}`);
export const missingField = (field: string) => new ApiError(400, `missing required field: ${field}`);
export const invalidStream = () => new ApiError(400, 'stream was invalid, can be either upstream or downstream');
export const invalidToxicType = () => new ApiError(400, 'invalid toxic type');
export const proxyNotFound = () => new ApiError(404, 'proxy not found');
export const toxicNotFound = () => new ApiError(404, 'toxic not found');
export const proxyAlreadyExists = () => new ApiError(409, 'proxy already exists');
export const toxicAlreadyExists = () => new ApiError(409, 'toxic already exists');
