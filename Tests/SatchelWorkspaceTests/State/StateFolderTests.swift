import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct StateFolderTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func itIsPrivateAndIgnoresItself() throws {
        let tree = try ScratchTree()
        #expect(StateFolder.find(in: tree.root) == nil)
        let folder = try StateFolder.create(in: tree.root)
        #expect(folder.path == tree.root + "/.satchel")
        #expect(mode(folder.path) == 0o700)
        #expect(mode(folder.path + "/.gitignore") == 0o600)
        #expect(StateFolder.find(in: tree.root) == folder)
        try tree.git("init", "-q")
        try tree.write(".satchel/manifest.db")
        #expect(try tree.gitFiles() == [])
        #expect(try StateFolder.create(in: tree.root) == folder)
    }

    @Test func whatAnotherUmaskOrACrashLeftIsPutRight() throws {
        let tree = try ScratchTree()
        #expect(mkdir(tree.root + "/.satchel", 0o755) == 0)
        #expect(chmod(tree.root + "/.satchel", 0o775) == 0)
        try tree.write(".satchel/.gitignore", "")
        let folder = try StateFolder.create(in: tree.root)
        #expect(mode(folder.path) == 0o700)
        #expect(
            try readFile(workspacePath(".satchel/.gitignore"), in: tree.root, upTo: ByteCount(10)) == Array("*\n".utf8)
        )
        try tree.write(".satchel/.gitignore", "mine\n")
        _ = try StateFolder.create(in: tree.root)
        #expect(try readFile(workspacePath(".satchel/.gitignore"), in: tree.root, upTo: ByteCount(10)).count == 5)
    }

    @Test func aLinkOrAFileInItsPlaceIsRefused() throws {
        let tree = try ScratchTree()
        try tree.folder("elsewhere")
        try tree.link(".satchel", to: "elsewhere")
        let path = tree.root + "/.satchel"
        #expect(throws: StateError.notFolder(path: path, isLink: true)) { try StateFolder.create(in: tree.root) }
        #expect(StateFolder.find(in: tree.root) == nil)
        tree.delete(".satchel")
        try tree.write(".satchel")
        #expect(throws: StateError.notFolder(path: path, isLink: false)) { try StateFolder.create(in: tree.root) }
        tree.delete(".satchel")
        try tree.link(".satchel", to: "nowhere")
        #expect(throws: StateError.notFolder(path: path, isLink: true)) { try StateFolder.create(in: tree.root) }
    }

    @Test func theSystemAndTheHomeAreNoWorkspaces() throws {
        let tree = try ScratchTree()
        try tree.link("home-link", to: "../home")
        #expect(refusal(ofWorkspace: "/", home: nil) != nil)
        #expect(refusal(ofWorkspace: "/usr/..", home: "") != nil)
        #expect(refusal(ofWorkspace: tree.home, home: tree.home)?.contains("home folder") == true)
        #expect(refusal(ofWorkspace: tree.home + "/", home: tree.root + "/home-link") != nil)
        #expect(refusal(ofWorkspace: tree.root, home: tree.home) == nil)
        #expect(refusal(ofWorkspace: "/no/such/home", home: "/no/such/home/") != nil)
    }
}
