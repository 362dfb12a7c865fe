/** Whether answers of this status have no body, whatever their headers announce: RFC 9112, 6.3. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** Whether undici reports no more than the absence of a body that an answer announced and by its status never has. */
export function isMissingBody(error: object, status: number): boolean {
  return isBodiless(status) && 'code' in error && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
}
