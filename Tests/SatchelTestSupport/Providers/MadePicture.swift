import FoundationEssentials

/// Pictures as models that draw would make them.
package enum MadePicture {
    /// A PNG of one pixel; each number is a content of its own.
    package static func png(_ number: Int) -> [UInt8] {
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        let header: [UInt8] = [
            0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
        ]
        let data: [UInt8] = [
            0, 0, 0, 13, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x64, 0x60, 0xf8, 0x5f, 0x0f, 0, 2, 0x87, 1, 0x80,
            0xeb, 0x47, 0xba, 0x92,
        ]
        let end: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]
        return signature + header + data + end + Array("\(number)".utf8)
    }

    package static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// An event stream of whole events, each `data:` line one of these; with names where there are some.
    package static func stream(_ events: [JSONValue], named: Bool = false, done: Bool = false) -> LoopbackResponse {
        var text = ""
        for event in events {
            if named, let name = event["type"]?.string { text += "event: \(name)\n" }
            text += "data: \(String(decoding: event.bytes, as: UTF8.self))\n\n"
        }
        if done { text += "data: [DONE]\n\n" }
        return .text(text, headers: ["Content-Type": "text/event-stream"])
    }

    package static func bytes(_ bytes: [UInt8]) -> LoopbackResponse {
        LoopbackResponse(200, headers: ["Content-Type": "application/octet-stream"], body: .whole(bytes))
    }
}
