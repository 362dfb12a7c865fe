import { type Face, fetchFace, typedFace } from './face.js'

/** Every face that exists. */
export const faces: readonly Face[] = [typedFace, fetchFace]
