import Glibc
import SatchelTestSupport
import Testing

/// A watch whose configuration changes to one that cannot be used just then.
@Suite struct ReconfigurationTests {
    @Test func whatRunsIsGivenUpOnlyForAnAccountThatCouldBeOpened() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: AtWatch.soon) { at in
            let key = "\(at.satchel.home.root)/key"
            try at.satchel.home.write("key", RawBytes("\(at.openAI.key)\n"))
            try at.satchel.home.makeFolder(".config/satchel")
            let own = "accounts:\n  openai:\n    key_command: 'cat \(key)'\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(own))
            at.satchel.set("OPENAI_API_KEY", nil)
            let watch = try at.satchel.start(["watch", "--to", "openai"])
            try await watch.line(containing: "Ctrl-C stops")
            // As a password manager that is locked.
            at.satchel.home.remove("key")
            try at.workspace.write("satchel.yaml", "exclude: [private/, satchel.yaml]\n")
            try await watch.errorLine(containing: "key_command exited with 1")
            try await watch.errorLine(containing: "goes on with the configuration")
            try at.workspace.write("private/x.txt", "x\n")
            try at.workspace.write("b.txt", "b\n")
            try await watch.line(containing: "↑  b.txt")
            try await watch.line(containing: "↑  private/x.txt")
            watch.send(SIGHUP)
            try at.workspace.write("c.txt", "c\n")
            try await watch.line(containing: "↑  c.txt")
            #expect(watch.stderr.ranges(of: "goes on with").count == 1, "said once: \(watch.stderr)")
            try at.satchel.home.write("key", RawBytes("\(at.openAI.key)\n"))
            watch.send(SIGHUP)
            try await watch.errorLine(containing: "begins anew")
            try await watch.line(containing: "-  private/x.txt")
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }

    @Test func aKeyIsAskedForOnceWhenAWatchBeginsAnew() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: AtWatch.soon) { at in
            let asked = "\(at.satchel.home.root)/asked"
            try at.satchel.home.makeFolder(".config/satchel")
            let own = "accounts:\n  openai:\n    key_command: 'echo x >> \(asked); echo \(at.openAI.key)'\n"
            try at.satchel.home.write(".config/satchel/config.yaml", RawBytes(own))
            at.satchel.set("OPENAI_API_KEY", nil)
            let watch = try at.satchel.start(["watch", "--to", "openai"])
            try await watch.line(containing: "Ctrl-C stops")
            try at.workspace.write("satchel.yaml", "exclude: [satchel.yaml]\n")
            try await watch.line(containing: "Ctrl-C stops", count: 2)
            #expect(at.satchel.home.text("asked") == "x\nx\n")
            watch.send(SIGTERM)
            try await watch.finish().check()
        }
    }
}
