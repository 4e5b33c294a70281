import Glibc
import SatchelCore
import SatchelWorkspace
import Testing

@Suite struct GitSelectionTests {
    /// One pattern a line, each tried by itself; what is hard about gitignore.
    static let patterns: [String] = [
        "foo", "/foo", "foo/", "/foo/", "foo/bar", "/foo/bar", "foo/*", "/foo/*", "foo/**", "**/foo", "**/foo/",
        "**/foo/**", "foo/**/bar", "a/**/b/**/c", "**", "*", "/*", "/**", "**/", "*/", "/*/", "*/*", "**/*", "*/foo",
        "*/*/bar", "foo**/bar", "foo**bar", "f**", "**o", "a**/b", "/**/foo", "foo/**/", "foo/**/*.txt", "a/**b/c",
        "*.txt", "*.t?t", "*.tar.gz", "*~", ".*", ".*.swp", "*.", "?", "???", "fo?", "f[o]o", "f[!o]o", "f[^o]o",
        "[a-c]", "[c-a]", "[a-c-e]", "[]x]", "[!]x]", "[]-a]", "[--0]", "[\\]]", "[\\a-c]", "[a\\-c]", "[a-\\c]",
        "[[:alpha:]]",
        "[[:digit:][:upper:]]", "[^[:alnum:]]", "x[[:space:]]y", "x[[:punct:]]y", "x[[:cntrl:]]y", "[[:bogus:]]",
        "[[:alpha:", "[[:alpha]", "[[:]", "[[::]]", "[a-[:digit:]]", "[[:alpha:]-z]", "[abc", "[", "[]", "[!]", "[!",
        "[a-",
        "\\foo", "f\\oo", "\\*", "\\?", "\\[ab]", "foo\\", "foo\\/", "foo\\/bar", "\\#hash", "#hash", "\\!bang",
        "!bang", "!!bang", "trailing ", "trailing  ", "trailing\\ ", "trailing\\ \\ ", "trailing \\ ", "trailing\\  ",
        " leading", "in side", "tab\t", "foo\r", "a/b/c", "a/b/c/", "/a/b", "a//b", "//foo", "./foo", "../foo", "/",
        "//",
        "foo/.", "**/b/**", "a/*/c", "a/?/c", "a[/]b", "a[^x]b", "a?b", "a*b", "a*c", "*a*b*c*", "*b*/c", "x*y*",
        "*.[oa]", "*.[!oa]", "cafe\u{301}", "caf\u{e9}", "\u{1F600}*", "*\u{1F600}", "**/**/c", "**/*/c", "*/**/c",
        "a/**/**/c", "a**", "***", "a/***/c", "***/c", "a/b**", "a/**c", "a/b*/c", "deep/**/\\e", "**\\/c", "a/**\\/c",
    ]

    /// Names that the patterns above are about.
    static func plant(_ tree: ScratchTree) throws {
        let files = [
            "foo", "bar", "x/foo/bar", "x/foo/baz/bar", "x/bar", "y/foo", "y/fooX/bar", "a/b/c", "a/b/x/c", "a/c",
            "a/x/b/y/c", "a/xb/c", "z/a/b/c", "a.txt", "b.tar.gz", "c.tar", "txt", ".txt", "d~", ".hidden", ".a.swp",
            "e.",
            "dir/foo.txt", "dir/sub/foo.txt", "dir/sub/b", "fooX/Y/bar", "fooXbar", "foobar/q", "A", "B", "c", "d", "e",
            "-", "0", "]", "^", "!", "q/x", "[", "[ab]", "*", "?", "\\", "#hash", "!bang", "bang", "trailing",
            "trailing ",
            "trailing  ", " leading", "in side", "tab\t", "foo\r", "x y", "x\ty", "x\u{b}y", "x\u{c}y", "x.y",
            "x\u{1}y",
            "x\u{7f}y", "a-b", "a b", "ab", "acb", "axbxc", "m.o", "m.a", "m.c", "cafe\u{301}", "caf\u{e9}",
            "\u{1F600}", "z\u{1F600}", "\u{1F600}z", "deep/1/2/3/e", "deep/e", "f/oo", "foo2/foo/foo", "[abc",
            "line\nbreak",
        ]
        // `foo` is a file at the top, so the folders of that name stand elsewhere.
        for file in files { try tree.write(file) }
        try tree.write([0x66, 0xff, 0x6f])
        try tree.write(Array("n/".utf8) + [UInt8](repeating: 0x6e, count: 255))
        try tree.folder("empty/inner")
        try tree.link("linked", to: "a")
        try tree.link("foolink", to: "foo")
    }

    @Test func everyHardPatternSelectsWhatGitSelects() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        #expect(Self.patterns.count >= 60)
        for pattern in Self.patterns {
            try tree.write(".gitignore", pattern + "\n")
            let differences = try tree.differencesFromGit()
            #expect(differences == [], "pattern \(escaped(Array(pattern.utf8)))")
        }
    }

    /// Whole files, where order, negation, line ends and comments matter.
    @Test(arguments: [
        "*\n!a\n!a/**\n", "*\n!*/\n!*.txt\n", "/*\n!/a\n/a/*\n!/a/b\n", "a\n!a/b/c\n", "a/\n!a/b/\n", "*.txt\n!a.txt\n",
        "!a.txt\n*.txt\n", "foo\r\nbar\r\n", "foo\r\r\nbar\n", "# comment\n\n   \nfoo\n", "\u{feff}foo\nbar\n",
        "foo\n\u{feff}bar\n", "foo", "bar\r", "foo\0bar\nx\n", "**/foo\n!x/foo\n",
        "dir/*\n!dir/sub\ndir/sub/*\n!dir/sub/b\n",
        "*\n!/deep\n!/deep/**\n/deep/1/2\n", ".*\n!.gitignore\n", "a/**\n!a/**/\n!a/**/c\n",
        "\\#hash\n\\!bang\n#hash\n",
        "c\n!c/\nc/\n", "trailing \ntrailing\\ \n", "\n\n\nfoo\n\n", "*\n!a/\n!a/c\n!.gitignore\n",
        "x*y\n!x[[:space:]]y\n",
    ])
    func wholeFilesSelectWhatGitSelects(content: String) throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        try tree.write(".gitignore", content)
        #expect(try tree.differencesFromGit() == [])
    }

    @Test func nestedFilesTakeBackWhatOuterFilesSay() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        try tree.write(".gitignore", "*.txt\nc\n/dir/sub/b\nbuild/\n")
        try tree.write("dir/.gitignore", "!*.txt\n/foo.txt\nsub/foo.txt\n")
        try tree.write("dir/sub/.gitignore", "!foo.txt\n!b\n")
        try tree.write("a/.gitignore", "!c\n/b/c\n**/x/**\n")
        try tree.write("a/b/.gitignore", "*\n!.gitignore\n!x/\n")
        try tree.write("build/.gitignore", "!*\n")
        try tree.write("build/out")
        try tree.write("y/build/.gitignore", "!*\n")
        try tree.link("x/.gitignore", to: "../dir/.gitignore")
        #expect(try tree.differencesFromGit() == [])
    }

    @Test func excludesOutsideOfTheTreeCountInGitsOrder() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        try tree.write(".git/info/exclude", "*.txt\n!/a/c\nfoo\n!m.o\n")
        try tree.write("../home/.config/git/ignore", "/bar\nm.?\n!a.txt\n")
        #expect(try tree.differencesFromGit() == [])
        #expect(
            try tree.decision("bar")
                == .skipped(
                    .ignored(SelectionRule(file: "~/.config/git/ignore", line: 1, pattern: "/bar")),
                    at: workspacePath("bar")
                )
        )
        #expect(
            try tree.decision("foo")
                == .skipped(
                    .ignored(SelectionRule(file: ".git/info/exclude", line: 3, pattern: "foo")),
                    at: workspacePath("foo")
                )
        )
        try tree.write(".gitignore", "!foo\n")
        #expect(try tree.differencesFromGit() == [])
        #expect(try tree.decision("foo") == .selected(isFolder: false))
    }

    /// Each text stands in `~/.gitconfig`; `HOME/mine` ignores `a.txt`.
    @Test(arguments: [
        "[core]\n\texcludesFile = ~/mine\n", "[core] excludesfile=~/mine ; comment\n",
        "[CORE]\nExcludesFile = \"~/mi\"ne\n",
        "[core]\nexcludesFile = ~/other\n[user]\nname = x\n[core]\nexcludesFile = ~/mine # so\n",
        "[core \"sub\"]\nexcludesFile = ~/mine\n", "[core]\nexcludesFile = ~/\\\nmine\n", "[include]\npath = more\n",
        "[include]\npath = ~/more\n[core]\nexcludesFile = ~/other\n", "\u{feff}[core]\r\n  excludesFile = ~/mine\r\n",
        "[core]\nbare\nexcludesFile = \n", "[core]\nexcludesFile = ~/mine",
        "# [core]\n[a.b]\nx = \"#;\"\n[core]\nexcludesFile=~/mine",
    ])
    func theExcludesFileOfGitsConfigurationIsFound(config: String) throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        try tree.write("../home/.gitconfig", config)
        try tree.write("../home/mine", "a.txt\n")
        try tree.write("../home/other", "b*\n")
        try tree.write("../home/more", "[core]\nexcludesFile = ~/mine\n")
        try tree.write("../home/.config/git/ignore", "/m.*\n")
        #expect(try tree.differencesFromGit() == [])
    }

    @Test func theRepositorysOwnConfigurationWins() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try Self.plant(tree)
        try tree.write("../home/.gitconfig", "[core]\nexcludesFile = ~/mine\n")
        try tree.write("../home/mine", "a.txt\n")
        try tree.write("dir/list", "bar\n")
        try tree.git("config", "core.excludesFile", "dir/list")
        #expect(try tree.differencesFromGit() == [])
        #expect(try !tree.scan().paths.contains("bar"))
    }

    @Test func anEmbeddedRepositoryIsOneUnitAndAFakeOneIsNot() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q")
        try tree.write("real/file")
        try tree.git("init", "-q", "real/inner")
        try tree.write("real/inner/file")
        try tree.write("fake/.git/config")
        try tree.write("fake/file")
        try tree.write("dangling/.git", "gitdir: /nowhere\n")
        try tree.write("dangling/file")
        try tree.write("pointed/.git", "gitdir: ../real/inner/.git\n")
        try tree.write("pointed/file")
        #expect(try tree.differencesFromGit() == [])
        let snapshot = try tree.scan()
        #expect(snapshot.reason("real/inner") == .nestedRepository)
        #expect(snapshot.reason("pointed") == .nestedRepository)
        #expect(snapshot.reason("fake/.git") == .reserved)
        #expect(try tree.decision("real/inner/file") == .skipped(.nestedRepository, at: workspacePath("real/inner")))
    }

    @Test func aWorkspaceInsideARepositoryHeedsTheFoldersAboveIt() throws {
        let tree = try ScratchTree()
        try Self.plant(tree)
        try tree.git("init", "-q", "..")
        try tree.write("../.gitignore", "/work/a.txt\nwork/dir/**/b\n*.o\n!/work/bar\n")
        try tree.write("../.git/info/exclude", "/work/m.a\nbar\n")
        #expect(try tree.differencesFromGit() == [])
        #expect(
            try tree.decision("a.txt")
                == .skipped(
                    .ignored(SelectionRule(file: "../.gitignore", line: 1, pattern: "/work/a.txt")),
                    at: workspacePath("a.txt")
                )
        )
    }

    @Test func aWorktreeUsesTheExcludesOfItsRepository() throws {
        let tree = try ScratchTree()
        try tree.git("init", "-q", "../main")
        try tree.git(
            "-C",
            "../main",
            "-c",
            "user.name=n",
            "-c",
            "user.email=e",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "m"
        )
        try tree.git("-C", "../main", "worktree", "add", "-q", "--detach", "../work")
        try tree.write("../main/.git/info/exclude", "*.txt\n")
        try Self.plant(tree)
        #expect(try tree.differencesFromGit() == [])
        #expect(try !tree.scan().paths.contains("a.txt"))
    }
}
