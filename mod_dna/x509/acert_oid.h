/* x509/acert_oid.h: object identifiers of attribute certificates, as the contents of their
 * DER.  base: 2.25.285055332325118339323655550339676139941, made from the UUID
 * d673a8f7-efe6-422f-a715-0fdd47d471a5. */
#ifndef DNA_X509_ACERT_OID_H
#define DNA_X509_ACERT_OID_H

/* base.1, id-dna-delegatedService; the same in words */
#define DNA_OID_DELEGATED_SERVICE                                                             \
    "\x69\x83\xac\xf3\xd4\xbd\xfd\xfe\xb2\x88\xdf\xa7\x8a\xc3\xfb\xd4\xbe\xd1\xe3\x25\x01"
#define DNA_OID_DELEGATED_SERVICE_TEXT "2.25.285055332325118339323655550339676139941.1"
#define DNA_OID_NO_REV_AVAIL "\x55\x1d\x38"                     /* 2.5.29.56 */
#define DNA_OID_TARGET_INFORMATION "\x55\x1d\x37"               /* 2.5.29.55 */
#define DNA_OID_AUTHORITY_KEY_ID "\x55\x1d\x23"                 /* 2.5.29.35 */
#define DNA_OID_CRL_DISTRIBUTION "\x55\x1d\x1f"                 /* 2.5.29.31 */
#define DNA_OID_ISSUING_DISTRIBUTION "\x55\x1d\x1c"             /* 2.5.29.28 */
#define DNA_OID_DELTA_CRL "\x55\x1d\x1b"                        /* 2.5.29.27 */
#define DNA_OID_AUTHORITY_INFO "\x2b\x06\x01\x05\x05\x07\x01\x01"  /* 1.3.6.1.5.5.7.1.1 */
#define DNA_OID_AA_CONTROLS "\x2b\x06\x01\x05\x05\x07\x01\x06"     /* 1.3.6.1.5.5.7.1.6 */
#define DNA_OID_AUDIT_IDENTITY "\x2b\x06\x01\x05\x05\x07\x01\x04"  /* 1.3.6.1.5.5.7.1.4 */
#define DNA_OID_AC_PROXYING "\x2b\x06\x01\x05\x05\x07\x01\x0a"     /* 1.3.6.1.5.5.7.1.10 */
#define DNA_OID_OCSP "\x2b\x06\x01\x05\x05\x07\x30\x01"            /* 1.3.6.1.5.5.7.48.1 */
#define DNA_OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define DNA_OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"

#endif
