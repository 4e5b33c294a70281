import FoundationEssentials
import SatchelCore
import SatchelTestSupport
import Testing

/// Pictures as escape sequences, and which terminals take which.
@Suite struct TerminalGraphicsTests {
    @Test(arguments: [
        (["TERM": "xterm-kitty"], TerminalGraphics.kitty),
        (["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"], .kitty),
        (["TERM": "xterm-ghostty"], .kitty), (["TERM_PROGRAM": "ghostty"], .kitty),
        (["TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"], .iTerm), (["TERM_PROGRAM": "WezTerm"], .iTerm),
        (["TERM": "xterm-256color"], nil), ([:], nil), (["TERM": "xterm-kitty", "TMUX": "/tmp/tmux"], nil),
        (["TERM": "screen", "KITTY_WINDOW_ID": "1"], nil), (["TERM": "xterm-kitty", "STY": "1.pts"], nil),
    ])
    func aTerminalIsKnownByItsEnvironment(_ environment: [String: String], _ graphics: TerminalGraphics?) {
        #expect(TerminalGraphics(environment) == graphics)
    }

    @Test func kittyIsSentPNGInPiecesOfBase64() throws {
        let bytes = MadePicture.png(1) + [UInt8](repeating: 7, count: 10_000)
        let text = try #require(TerminalGraphics.kitty.picture(bytes, columns: 30))
        let pieces = text.components(separatedBy: "\u{1b}\\").filter { !$0.isEmpty }
        #expect(pieces.count == 4)
        #expect(pieces[0].hasPrefix("\u{1b}_Ga=T,f=100,c=30,q=2,m=1;"))
        #expect(pieces.dropFirst().dropLast().allSatisfy { $0.hasPrefix("\u{1b}_Gm=1;") })
        #expect(pieces.last?.hasPrefix("\u{1b}_Gm=0;") == true)
        let payload = pieces.compactMap { $0.split(separator: ";", maxSplits: 1).last }.joined()
        #expect(Data(base64Encoded: payload).map { [UInt8]($0) } == bytes)
    }

    @Test func iTermIsSentOneSequence() throws {
        let jpeg: [UInt8] = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4]
        #expect(
            TerminalGraphics.iTerm.picture(jpeg)
                == "\u{1b}]1337;File=inline=1;size=8;width=40;preserveAspectRatio=1:/9j/4AECAwQ=\u{07}"
        )
        #expect(TerminalGraphics.kitty.picture(jpeg) == nil, "kitty takes PNG")
    }

    @Test func whatIsNoPictureOrTooLargeIsNotSent() {
        #expect(TerminalGraphics.iTerm.picture(Array("text\u{1b}]0;x\u{7}".utf8)) == nil)
        #expect(TerminalGraphics.iTerm.picture([]) == nil)
        let large = MadePicture.png(1) + [UInt8](repeating: 0, count: TerminalGraphics.largest)
        #expect(TerminalGraphics.iTerm.picture(large) == nil)
    }

    @Test(arguments: [
        ("/mnt/data/plot.png", "plot.png"), ("plot.png", "plot.png"), (nil, "made-2.png"), ("", "made-2.png"),
        ("/", "made-2.png"), ("a/..", "made-2.png"),
    ])
    func aMadeFileHasTheLastPartOfItsName(_ proposed: String?, _ name: String) {
        #expect(outputName(proposed, number: 2, media: .png) == name)
    }

    @Test func aPriceMayBeForPicturesAlone() throws {
        let only = try #require(OwnPrice("gpt-image-2 image 0.04")?.price)
        #expect(only.cost(ofImages: 3, nil) == Dollars("0.12"))
        #expect(only.cost(of: ChatUsage(input: 5, cached: 0, output: 5, reasoning: 0)) == nil)
        #expect(OwnPrice("gpt-image-2 input 5") == nil)
        #expect(OwnPrice("gpt-image-2 image 0.04 input 5") == nil)
        let tokens = try #require(OwnPrice("gpt-image-2 input 5 output 40")?.price)
        let usage = ChatUsage(input: 12, cached: 0, output: 1000, reasoning: 0)
        #expect(tokens.cost(ofImages: 3, usage) == tokens.cost(of: usage))
        #expect(tokens.cost(ofImages: 3, nil) == nil)
    }
}
