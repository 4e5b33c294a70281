/// A systemd user unit that keeps one workspace in step, as a value; ``text`` is the file.
package struct ServiceUnit: Hashable, Sendable {
    /// A variable of the service's environment; values are bytes, as paths are.
    package struct Variable: Hashable, Sendable {
        package var name: String
        package var value: [UInt8]

        package init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The absolute path of the program.
    package var program: [UInt8]
    /// The absolute path of the workspace.
    package var root: [UInt8]
    /// The account that is kept in step: the default one may be another where keys are missing.
    package var account: String
    /// A file that may hold `OPENAI_API_KEY=…`; it need not be there.
    package var environmentFile: [UInt8]
    /// Variables that the user's service manager may not have.
    package var variables: [Variable]
    /// Whether a program is run for a key: those may rely on group rights that hardening takes away.
    package var runsKeyCommand: Bool
    /// Of the root's path, hexadecimal: two folders of one name are two services.
    package var digest: String

    package init(
        program: [UInt8],
        root: [UInt8],
        account: String,
        environmentFile: [UInt8],
        variables: [Variable] = [],
        runsKeyCommand: Bool,
        digest: String
    ) {
        self.program = program
        self.root = root
        self.account = account
        self.environmentFile = environmentFile
        self.variables = variables
        self.runsKeyCommand = runsKeyCommand
        self.digest = digest
    }

    /// How a file that Satchel may overwrite and remove begins.
    package static let marker = "# Written by satchel watch --install"
}

extension ServiceUnit {
    /// `satchel-notes-1f0c2a9b.service`.
    package var name: String { Self.name(root: root, digest: digest) }

    /// Nothing of a folder's name that systemd or a shell could take for something else.
    package static func name(root: [UInt8], digest: String) -> String {
        let last = root.split(separator: UInt8(ascii: "/")).last ?? []
        let plain = last.prefix(40).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        let word = plain.isEmpty ? "root" : String(decoding: plain, as: UTF8.self)
        return "satchel-\(word)-\(digest.prefix(8)).service"
    }

    /// The unit file.
    ///
    /// It never holds a key. Exit codes 2, 4, 5 and 64 are those where starting again is pointless or dangerous; the
    /// others are worth another try. A watch finishes what it sends within five seconds of a SIGTERM.
    package var text: String {
        let words = [program] + ["watch", "--to", account, "-C"].map { Array($0.utf8) } + [root]
        let command = words.map { unitWord($0) }.joined(separator: " ")
        var lines = [
            "\(Self.marker); satchel watch --uninstall removes it.",
            "",
            "[Unit]",
            "Description=Satchel: keep \(unitText(root)) in step",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            "# The colon keeps systemd from looking for variables in the words.",
            "ExecStart=:\(command)",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "EnvironmentFile=-\(unitPath(environmentFile))",
        ]
        for variable in variables {
            lines.append("Environment=\(unitWord(Array("\(variable.name)=".utf8) + variable.value))")
        }
        lines += [
            "",
            "# Another try, unless it would be pointless or dangerous: see the exit codes of satchel.",
            "Restart=on-failure",
            "RestartSec=30s",
            "RestartPreventExitStatus=2 4 5 64",
            "WatchdogSec=5min",
            "TimeoutStartSec=3min",
            "TimeoutStopSec=15s",
            "KillMode=mixed",
            "",
            "UMask=0077",
            "LimitCORE=0",
            "Nice=5",
        ]
        if runsKeyCommand {
            lines.append("# No further hardening: it would take group rights away from the key_command.")
        } else {
            lines += [
                "NoNewPrivileges=yes",
                "LockPersonality=yes",
                "RestrictRealtime=yes",
                "RestrictSUIDSGID=yes",
                "SystemCallArchitectures=native",
                "MemoryDenyWriteExecute=yes",
                "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
            ]
        }
        lines += ["", "[Install]", "WantedBy=default.target", ""]
        return lines.joined(separator: "\n")
    }

    /// A path that is a setting's whole value: it is not split into words, so quotes would be part of it.
    private func unitPath(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).replacing("%", with: "%%")
    }
}
