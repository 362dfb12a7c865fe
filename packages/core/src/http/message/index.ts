export type { BodySource, CollectedResponse, HttpRequest, HttpResponse, ResponseHead } from './message.js'
