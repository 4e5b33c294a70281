import Glibc
import SatchelTestSupport
import Testing

/// What is in the state folder is its owner's alone, whatever the umask says.
@Suite struct PermissionTests {
    @Test(arguments: ["000", "027", "077", "777"])
    func theStateIsPrivateWhateverTheUmask(_ umask: String) async throws {
        let environment = ["SATCHEL_MODEL": "echo"]
        try await LoopbackOpenAI.with { openAI in
            let whole = openAI.environment.merging(environment) { $1 }
            try await RunningSatchel.with(["a.txt": "a\n", "sub/b.txt": "b\n"], environment: whole) { satchel in
                let under = ["/bin/sh", "-c", "umask \(umask); exec \"$@\"", "sh"]
                try satchel.workspace.write(
                    "satchel.yaml",
                    "accounts:\n  openai:\n    limits:\n      uploads_per_minute: 10000\n"
                )
                try await satchel.run(["init", "-q"], under: under).check()
                try await satchel.run(["sync", "-q"], under: under).check()
                try await satchel.run(["sync", "-q", "--to", "local"], under: under).check()
                try await satchel.run(["chat", "what is in @a.txt?"], under: under).check()
                let watch = try satchel.start(["watch"], under: under)
                try await watch.line(containing: "Ctrl-C stops")
                try satchel.workspace.write("c.txt", "c\n")
                try await satchel.run(["sync", "-q"], under: under).check()
                let state = try modes(below: "\(satchel.workspace.root)/.satchel")
                let book = try modes(below: "\(satchel.home.root)/.local/state/satchel")
                watch.send(SIGTERM)
                try await watch.finish().check()
                let names = Set(state.keys)
                for name in ["", "/control.sock", "/lock", "/manifest.db", "/manifest.db-wal", "/objects/incoming"] {
                    #expect(names.contains(name), "\(names)")
                }
                #expect(names.contains { $0.hasPrefix("/objects/") && $0.count > 60 })
                #expect(book.keys.contains("/limits.db"), "\(book)")
                for (name, mode) in state.merging(book, uniquingKeysWith: { first, _ in first }) {
                    let isFolder = mode & S_IFMT == S_IFDIR
                    #expect(mode & 0o7777 == (isFolder ? 0o700 : 0o600), "\(name): \(String(mode, radix: 8))")
                }
            }
        }
    }

    /// The mode of a folder (under "") and of everything in it.
    private func modes(below root: String) throws -> [String: mode_t] {
        var result: [String: mode_t] = [:]
        var open = [""]
        while let name = open.popLast() {
            var status = stat()
            guard lstat(root + name, &status) == 0 else { throw SystemFailure("lstat \(root + name)", errno) }
            result[name] = status.st_mode
            guard status.st_mode & S_IFMT == S_IFDIR, let listing = opendir(root + name) else { continue }
            defer { closedir(listing) }
            while let entry = readdir(listing) {
                let child = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if child != ".", child != ".." { open.append("\(name)/\(child)") }
            }
        }
        return result
    }
}
