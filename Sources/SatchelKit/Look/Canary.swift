internal import FoundationEssentials
internal import SatchelCore
internal import SatchelRemote

/// A small file with a secret that nobody can guess: a model that tells it was really shown the file.
struct Canary: Sendable {
    let path: WorkspacePath
    let media: MediaType
    let bytes: [UInt8]
    let question: String
    /// Lower-case words that an answer must have, in this order.
    let secret: [String]
    /// Words that the question offers: of these an answer may have the secret ones only, so that whoever repeats the
    /// question has seen nothing.
    var choices: Set<String> = []

    /// Whether an answer shows that the file was seen.
    func isSeen(in answer: String) -> Bool {
        let words = answer.lowercased().split { !$0.isLetter }.map(String.init)
        return choices.isEmpty ? secret.allSatisfy(words.contains) : words.filter(choices.contains) == secret
    }

    /// A made-up word in a text, or in a PDF where a provider takes no text.
    static func word(as media: MediaType) -> Canary {
        let syllables = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"]
        let word = (0..<5).map { _ in syllables.randomElement() ?? "ba" }.joined()
        let sentence = "The code word of this file is \(word)."
        return Canary(
            path: WorkspacePath(unchecked: Array(".satchel/canary.\(media == .pdf ? "pdf" : "txt")".utf8)),
            media: media,
            bytes: media == .pdf ? onePage(sentence) : Array((sentence + "\n").utf8),
            question: "What is the code word in the attached file? Answer with that word alone.",
            secret: [word]
        )
    }

    /// A picture whose halves have two different colours: one in 30 to be right by guessing.
    static func picture() -> Canary {
        let colours: [(name: String, rgb: [UInt8])] = [
            ("red", [220, 20, 20]), ("green", [20, 160, 40]), ("blue", [20, 40, 220]), ("yellow", [250, 230, 20]),
            ("black", [0, 0, 0]), ("white", [255, 255, 255]),
        ].shuffled()
        return Canary(
            path: WorkspacePath(unchecked: Array(".satchel/canary.png".utf8)),
            media: .png,
            bytes: twoColourPNG(left: colours[0].rgb, right: colours[1].rgb),
            question: "Which colour is the left half of the picture, and which the right half? Choose from red, green, "
                + "blue, yellow, black and white. Answer with the two words alone, left first.",
            secret: [colours[0].name, colours[1].name],
            choices: Set(colours.map(\.name))
        )
    }

    /// The canary's bytes, to be uploaded like a file's.
    var source: any UploadSource { MemorySource(bytes: bytes) }
}

/// A PDF of one page with one line of Helvetica (ISO 32000-1).
private func onePage(_ line: String) -> [UInt8] {
    let text = "BT /F1 18 Tf 30 80 Td (\(line)) Tj ET"
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 160]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        "<</Length \(text.utf8.count)>>\nstream\n\(text)\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    var file = "%PDF-1.4\n"
    var offsets: [Int] = []
    for (index, object) in objects.enumerated() {
        offsets.append(file.utf8.count)
        file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
    }
    let table = file.utf8.count
    file += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
    for offset in offsets {
        let digits = String(offset)
        file += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
    }
    file += "trailer\n<</Size \(objects.count + 1)/Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n"
    return Array(file.utf8)
}

/// A picture of 128 by 128 points with a palette of two colours (PNG, ISO/IEC 15948), its data stored uncompressed.
private func twoColourPNG(left: [UInt8], right: [UInt8]) -> [UInt8] {
    let side = 128
    // One bit per point: eight bytes of the first colour, eight of the second.
    let row: [UInt8] = [0] + [UInt8](repeating: 0, count: side / 16) + [UInt8](repeating: 0xff, count: side / 16)
    let pixels = Array(repeatElement(row, count: side).joined())
    let length = UInt16(pixels.count)
    func bytes(_ number: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)] }
    // zlib (RFC 1950) around one stored block (RFC 1951).
    let data = [0x78, 0x01, 0x01] + bytes(length) + bytes(~length) + pixels + bigEndian(adler32(pixels))
    let header = bigEndian(UInt32(side)) + bigEndian(UInt32(side)) + [1, 3, 0, 0, 0]
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header) + chunk("PLTE", left + right)
        + chunk("IDAT", data) + chunk("IEND", [])
}

private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
}

private func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xedb8_8320 : word >> 1 }
    }
}

private func adler32(_ bytes: [UInt8]) -> UInt32 {
    let (low, high) = bytes.reduce((UInt32(1), UInt32(0))) { sums, byte in
        let low = (sums.0 + UInt32(byte)) % 65521
        return (low, (sums.1 + low) % 65521)
    }
    return high << 16 | low
}
