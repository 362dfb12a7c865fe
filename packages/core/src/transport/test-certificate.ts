/** A certificate for `localhost` and 127.0.0.1, valid until 2126, and its key: good for tests and nothing else. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUFEtvqkLGGrzY8Zp5kHdE8EezRUAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIyMzk0M1oYDzIxMjYxMDI5
MjIzOTQzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASaXom+s6WyXyz4wNMbJPqjTdLgfDpKUV5bE9+u9rBnYet5+rGw01g3
VdqPuTY8C90z3bzX6m9Mt/wao6vx5RpRo28wbTAdBgNVHQ4EFgQUFLZIMsw9rDyL
bru7Ll7JjLemwwwwHwYDVR0jBBgwFoAUFLZIMsw9rDyLbru7Ll7JjLemwwwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAIUEpS2M2oxaViPf4P4cUDsFhp8YLpUj2XPlQ/OVjDoFAiAU
dqJpgwgAETwh2gjCWbViNRYa5Kyt6UEB71b1Jq/M8A==
-----END CERTIFICATE-----`

/** The key of `testCertificate`. */
export const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRJ1ekh18cI+gzro+
ytrHLK17zpCRoWs138ieoXPqlUmhRANCAASaXom+s6WyXyz4wNMbJPqjTdLgfDpK
UV5bE9+u9rBnYet5+rGw01g3VdqPuTY8C90z3bzX6m9Mt/wao6vx5RpR
-----END PRIVATE KEY-----`
