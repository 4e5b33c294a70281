import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit
import Testing

struct ConfigurationFileTests {
    /// Hands a new folder to `body` and removes it afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "satchel-config-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func aFileThatIsNotThereIsNoError() throws {
        try withFolder { folder in
            let missing = try readConfigurationFile("\(folder)/satchel.yaml")
            let missingFolder = try readConfigurationFile("\(folder)/none/satchel.yaml")
            #expect(missing == nil && missingFolder == nil)
        }
    }

    @Test func onlyAFileThatNobodyElseMayReadIsPrivate() throws {
        try withFolder { folder in
            let path = "\(folder)/config.yaml"
            try Data("ttl: 1h\n".utf8).write(to: URL(filePath: path))
            for (mode, isPrivate) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false)] {
                #expect(chmod(path, mode_t(mode)) == 0)
                let file = try readConfigurationFile(path)
                #expect(file == ConfigurationFile(bytes: Array("ttl: 1h\n".utf8), isPrivate: isPrivate))
            }
        }
    }

    @Test func whatIsNotAFileIsRefusedRatherThanWaitedFor() throws {
        try withFolder { folder in
            #expect(throws: UnreadableConfiguration("it is a folder")) { try readConfigurationFile(folder) }
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
            #expect(throws: UnreadableConfiguration("it is not a file")) {
                try readConfigurationFile("\(folder)/pipe")
            }
            let nothing = try readConfigurationFile("/dev/null")
            #expect(nothing?.bytes == [])
            #expect(throws: UnreadableConfiguration("it is larger than 1 MiB; a configuration is a few lines")) {
                try readConfigurationFile("/dev/zero")
            }
        }
    }

    @Test func theFilesOnTheDiskAreRead() throws {
        try withFolder { folder in
            try Data("ttl: soon\n".utf8).write(to: URL(filePath: "\(folder)/satchel.yaml"))
            #expect {
                try Configuration.load(workspace: folder, environment: ["HOME": folder])
            } throws: { error in
                "\(error)" == "satchel.yaml:1:6: ttl: expected a duration such as 24h, 0 or never, found \"soon\""
            }
        }
    }
}
