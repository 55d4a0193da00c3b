namespace Controller.Api.Tests.Identity;

/// <summary>An authority with an RSA key, a certificate of its, and its revocation list with that certificate: made by openssl 3.0 (req, x509, ca -gencrl) on 2026-11-30.</summary>
internal static class MadeByOpenssl
{
    public const string Authority = """
        -----BEGIN CERTIFICATE-----
        MIIDNTCCAh2gAwIBAgIUW7UIWmRR4OzoRSoysvetjADDe34wDQYJKoZIhvcNAQEL
        BQAwIjEQMA4GA1UECgwHRXhhbXBsZTEOMAwGA1UEAwwFdXNlcnMwHhcNMjYxMTMw
        MTUyNDUyWhcNMjYxMjMwMTUyNDUyWjAiMRAwDgYDVQQKDAdFeGFtcGxlMQ4wDAYD
        VQQDDAV1c2VyczCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAMAq+fPY
        L29OosqplvMIGjHJ+9QQV2Vk5nHhgQgWMi0OP6eP/l0CTu7jlwJ8NrRfZWf+BFT7
        LxyGDgbzo/fbMdWk0B9xiWPAXKTzLrQ289Kn5JLcACl9ZvqpjPTS3KSyEaaS8hqn
        3DSAGAq/kts+XQP4tA9RwoLxFYn0cZIH59DQATQ/Nd8sxzYN+BDC136ccIPuh57y
        SKxGSix3AgC2ld7NBjtdUclF7cNaeUENfaMvnyuM6OGKepke0fz1R18meKX6u+d+
        GUw70DcYkVoeCQZl/BobLQtc4tzGlv839JQTrxqyukWmkxbrvLGJ1VpcAe0iXZxP
        64ObV6ut1W9JhiECAwEAAaNjMGEwHQYDVR0OBBYEFNLQ/v1rnUPY8TmaaJMQVeyl
        jhA9MB8GA1UdIwQYMBaAFNLQ/v1rnUPY8TmaaJMQVeyljhA9MA8GA1UdEwEB/wQF
        MAMBAf8wDgYDVR0PAQH/BAQDAgEGMA0GCSqGSIb3DQEBCwUAA4IBAQBc5g4EogYd
        FRPnwcR1Ra//syveoT1IL3CTEFYnQiSiRpuM12CJgB6+Rastd9xAiZ5cX/kxGbAs
        agQNm3KHEP+VpgXypEUYyb2RC3l3JqhUQgbwbhzGSx7Q4lV0VZx/TrPhqOpzKSv5
        XtZVXnzikMql6MR1EtUQ1B1BaWEuc6zOgOjZdYIKsL7LhdHsd96X7g2J2K0P4edG
        OPUx4MYbSFag6dgURr01d7edbL98IVEfiFBx/PHYHxDyXWk7WX9ud9EHP/6FyIrW
        USyhPlZUan6mjSAVLt+Wea4dpZeFan4Zk33dgfaCRI73ShR9dphutMvwngdtNdr1
        9DF4vOGm0HEC
        -----END CERTIFICATE-----
        """;

    public const string User = """
        -----BEGIN CERTIFICATE-----
        MIICrTCCAZUCCQDx4tPEtaaXiDANBgkqhkiG9w0BAQsFADAiMRAwDgYDVQQKDAdF
        eGFtcGxlMQ4wDAYDVQQDDAV1c2VyczAeFw0yNjExMzAxNTI0NTJaFw0yNjEyMzAx
        NTI0NTJaMA8xDTALBgNVBAMMBGNhc3MwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAw
        ggEKAoIBAQC1SJ+Twr+XDfwWFHnaNS1P4NfNyvGRlWSGRTTa+sAhU6waOzKTYKcz
        FLEFPK37/ugIyZZVUapFZRNaIgiJqYGVUrCcyj1AozuwLEA9csxFNext5OQiU9gy
        jIq8C1Nxj62mHIPmSuPmJrkI+RN208tFz0ESGrEPqnIRbVRZ9FVgBgHgbqDfeTLn
        xPZezKdchig0qVrb58OMWUtb7wP7dMzBwbK7gRz3tmtSwlc1HU8TKpN1+CKqWKMq
        NbAy9UAiSnB5m5mtPjZR+g0Ma4wrBRDzipBqUM1bYQMU2To0Q7z/ouyOFxY7rh5b
        OCy01acas1ss/NaHCkm+S8Blhe4FEzgNAgMBAAEwDQYJKoZIhvcNAQELBQADggEB
        AA5fWAXK73IG+VKss/a3MZfYNBD2iQy3BjUU6yQAqm/m2UJNmTM5gCZtM7/bxGm1
        uFPQFFIj8sRu3OfZFtav/DTDcnTxhQlOT8qolIDDs32OjOybUpkJuVZMn0yemj7B
        Xjgwj7tIDNArBn0jlpsLmlYd5tR1majPvIMOMkblJ81HFvAfl0z+RDSSxkDoKjrB
        QOMQEJCOOFzRTSK0mRzAq7lrEDe4Y98f2vcAtDcaa0bAK4MjIF+VrY5R+hbttUmD
        Wi/+e4xS1vVE6Xm39SlINXajNuFt3IAFPRbqSuD4qqC21FwWpQe0tRQ2cACPj1ZF
        x4O5NR10ycbIkjpX/XgA/bs=
        -----END CERTIFICATE-----
        """;

    public const string List = """
        -----BEGIN X509 CRL-----
        MIIByDCBsQIBATANBgkqhkiG9w0BAQwFADAiMRAwDgYDVQQKDAdFeGFtcGxlMQ4w
        DAYDVQQDDAV1c2VycxcNMjYxMTMwMTUyNDUyWhcNMjYxMjMwMTUyNDUyWjAqMCgC
        CQDx4tPEtaaXiBcNMjYxMTMwMTUyNDUyWjAMMAoGA1UdFQQDCgEBoC8wLTAfBgNV
        HSMEGDAWgBTS0P79a51D2PE5mmiTEFXspY4QPTAKBgNVHRQEAwIBATANBgkqhkiG
        9w0BAQwFAAOCAQEAoh9tkkfO/EvAkaCcqrCEtpOhBv7n7r4ypRbMqX84bBtFl4AL
        z4NmTw6DyTZjb9+4KltgZYDwsPDCpUs74Ni+96NnEcqfDFKrrlCBuKqIyJWElDDx
        8qX0TBGtVD4CkmuF2YjdHvV3xLjhuQyvP+dXItiKttZzcmKfnRnljAh3vDB2tsHR
        9yB1qqNZDxWVEkB6rv3XJdtpds5W04wWlV3bq8uwep0xOC7aLx1d/B04qRz1y51L
        W1yZX2pndDpdqP7SiFQvS0Xjojsc6vhOpiP6mVdZFua63MlkG7xD3GYgY+TmJx0/
        VdGmsUpUKdHuqalnH75wb0kr62BVpWik/rrzMQ==
        -----END X509 CRL-----
        """;
}
