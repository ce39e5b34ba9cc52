// The texts of scenarios/profiles, so that an installed binary needs no file beside it. A test holds both equal; after
// a change there, `scenarios/profiles/embed` writes this file anew.
extension LinkProfile {
    static let shippedFiles: [(name: String, text: String)] = [
        (
            "3g",
            #"""
            # A phone on a mobile network of the third generation.
            summary: >-
              Mobile 3G: 300 ms round trip and 1.6 Mbit/s as in WebPageTest's preset "3G" (connectivity.ini);
              its downlink rate in both directions. Jitter and loss are our reasoned default.
            delay: 150ms
            jitter: 30ms
            loss: 0.2%
            rate: 1600 kbit/s

            """#
        ),
        (
            "adsl",
            #"""
            # A home on a telephone line.
            summary: >-
              ADSL: 50 ms round trip, 384 kbit/s up and 1.5 Mbit/s down as in WebPageTest's preset "DSL"
              (connectivity.ini). Up is from the first host of the link, the home, to the second. Jitter is our reasoned
              default.
            delay: 25ms
            jitter: 1ms
            rate: 384 kbit/s
            back: { rate: 1500 kbit/s }

            """#
        ),
        (
            "cable",
            #"""
            # A home on the television cable.
            summary: >-
              Cable: 28 ms round trip and 5 Mbit/s as in WebPageTest's preset "Cable" (connectivity.ini); its
              downlink rate in both directions. Jitter is our reasoned default.
            delay: 14ms
            jitter: 2ms
            rate: 5 Mbit/s

            """#
        ),
        (
            "dialup",
            #"""
            # A modem on a telephone line, still found in alarm systems and tills.
            summary: >-
              Dial-up: 120 ms round trip and 49 kbit/s as in WebPageTest's preset "Dial" (connectivity.ini); its
              downlink rate in both directions. The short queue is our reasoned default: a modem's buffer of a
              few packets.
            delay: 60ms
            rate: 49 kbit/s
            limit: 20

            """#
        ),
        (
            "edge",
            #"""
            # A meter or a vehicle where there is nothing better.
            summary: >-
              Mobile EDGE: 840 ms round trip and 240 kbit/s as in WebPageTest's preset "Edge"
              (connectivity.ini); its downlink rate in both directions. Jitter and loss are our reasoned
              default.
            delay: 420ms
            jitter: 80ms
            loss: 0.5%
            rate: 240 kbit/s

            """#
        ),
        (
            "fibre",
            #"""
            # A home or office on fibre.
            summary: >-
              Fibre: 4 ms round trip and 20 Mbit/s as in WebPageTest's preset "FIOS" (connectivity.ini); its
              downlink rate in both directions.
            delay: 2ms
            rate: 20 Mbit/s

            """#
        ),
        (
            "lan",
            #"""
            # A cable in an office.
            summary: >-
              A wired local network. Our reasoned default: half a millisecond round trip through a switch or
              two, a gigabit, no loss.
            delay: 250us
            rate: 1 Gbit/s

            """#
        ),
        (
            "lossy",
            #"""
            # A network that is up, and bad.
            summary: >-
              A congested or badly shielded network. Our reasoned default: 5 % of packets lost each way, enough
              that connections live but timers fire every few seconds.
            delay: 20ms
            jitter: 10ms
            loss: 5%
            rate: 10 Mbit/s

            """#
        ),
        (
            "lte",
            #"""
            # A phone on a mobile network of the fourth generation.
            summary: >-
              LTE with good reception. Our reasoned default: 50 ms round trip to a nearby server, scheduling of
              the radio as jitter; the network repeats lost blocks itself, so little loss is left.
            delay: 25ms
            jitter: 8ms
            loss: 0.05%
            rate: 12 Mbit/s

            """#
        ),
        (
            "satellite",
            #"""
            # A ship or a farm under a geostationary satellite.
            summary: >-
              A geostationary satellite: 280 ms one way, from RFC 2488 (up to 279.0 ms for one hop, 558 ms round
              trip). Jitter, loss and rate are our reasoned default.
            delay: 280ms
            jitter: 5ms
            loss: 0.3%
            rate: 10 Mbit/s

            """#
        ),
        (
            "transatlantic",
            #"""
            # A client in Europe of a service in North America, or the other way round.
            summary: >-
              London to New York over the backbone: 76 ms round trip. Our reasoned default: 5,600 km at two
              thirds of the speed of light are 56 ms, and cables take detours; carriers promise 90 ms.
            delay: 38ms
            jitter: 500us
            rate: 1 Gbit/s

            """#
        ),
        (
            "wifi",
            #"""
            # A phone or laptop in the same home as its access point.
            summary: >-
              Wi-Fi with some interference. Our reasoned default: 6 ms round trip, air time shared with
              neighbours as jitter, and the rare frame lost after all retries of the radio.
            delay: 3ms
            jitter: 2ms
            loss: 0.1%
            rate: 50 Mbit/s

            """#
        ),
    ]
}
