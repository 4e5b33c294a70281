import SatchelCore
import Testing

/// The text of a systemd unit: every path survives systemd's own reading of it.
@Suite struct ServiceUnitTests {
    private func unit(root: String, runsKeyCommand: Bool = false) -> ServiceUnit {
        ServiceUnit(
            program: Array("/usr/local/bin/satchel".utf8),
            root: Array(root.utf8),
            account: "openai",
            environmentFile: Array("/home/ada/.config/satchel/watch.env".utf8),
            runsKeyCommand: runsKeyCommand,
            digest: "1f0c2a9b77"
        )
    }

    @Test(arguments: [
        ("/home/ada/notes", "/home/ada/notes"),
        ("/tmp/50%", "/tmp/50%%"),
        ("/tmp/two words", "\"/tmp/two words\""),
        ("/tmp/$HOME", "\"/tmp/$HOME\""),
        ("/tmp/a\"b", "\"/tmp/a\\\"b\""),
        ("/tmp/a\\b", "\"/tmp/a\\\\b\""),
        ("/tmp/line\nbreak", "\"/tmp/line\\x0abreak\""),
        ("/tmp/tèa", "\"/tmp/tèa\""),
        ("", "\"\""),
    ])
    func aWordIsReadBackAsItWas(_ path: String, _ word: String) {
        #expect(unitWord(Array(path.utf8)) == word)
    }

    @Test func bytesThatAreNoTextAreEscaped() {
        #expect(unitWord([0x2f, 0xff]) == "\"/\\xff\"")
    }

    @Test func aUnitNeverHoldsMoreLinesThanItShould() {
        let plain = unit(root: "/home/ada/notes").text.split(separator: "\n").count
        #expect(
            unit(root: "/home/ada/no\ntes\n[Service]\nExecStart=/bin/false").text.split(separator: "\n").count == plain
        )
    }

    @Test func twoFoldersOfOneNameAreTwoServices() {
        #expect(unit(root: "/home/ada/notes").name == "satchel-notes-1f0c2a9b.service")
        #expect(
            ServiceUnit.name(root: Array("/a b/ü@%i.service".utf8), digest: "00112233445")
                == "satchel-____i_service-00112233.service"
        )
        #expect(ServiceUnit.name(root: Array("/".utf8), digest: "0011223344") == "satchel-root-00112233.service")
    }

    @Test func whereAKeyIsFetchedByAProgramNothingIsTakenFromIt() {
        #expect(unit(root: "/a").text.contains("NoNewPrivileges=yes"))
        #expect(!unit(root: "/a", runsKeyCommand: true).text.contains("NoNewPrivileges"))
    }

    @Test func whatIsPointlessOrDangerousIsNotStartedAgain() {
        let lines = unit(root: "/a").text.split(separator: "\n")
        #expect(lines.contains("Restart=on-failure"))
        #expect(lines.contains("RestartPreventExitStatus=2 4 5 64"))
        #expect(lines.first?.hasPrefix(ServiceUnit.marker) == true)
    }
}
