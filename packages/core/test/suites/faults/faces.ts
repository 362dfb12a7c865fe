import { type Face, fetchFace, interceptorFace, typedFace } from './face.js'

/** Every face that exists: all of them meet the same faults. */
export const faces: readonly Face[] = [typedFace, fetchFace, interceptorFace]
