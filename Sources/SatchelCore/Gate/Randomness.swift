/// Whether a value can be a secret at all: enough entropy, and none of the marks of an example.
func isPlausible(_ value: UnsafeRawBufferPointer, entropy: Double) -> Bool {
    shannonEntropy(of: value) >= entropy && !isPlaceholder(value)
}

/// Bits per byte of the value's own distribution: 4 for long hexadecimal noise, 5 and more for base 64.
func shannonEntropy(of value: UnsafeRawBufferPointer) -> Double {
    guard !value.isEmpty else { return 0 }
    return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { counts in
        counts.initialize(repeating: 0)
        for byte in value { counts[Int(byte)] += 1 }
        let total = Double(value.count)
        var sum = 0.0
        for count in counts where count > 0 {
            let share = Double(count) / total
            sum -= share * logarithm(share)
        }
        return sum
    }
}

/// The binary logarithm of a number between 0 and 1, to about six digits: this target has no C library.
private func logarithm(_ value: Double) -> Double {
    let exponent = Double(value.exponent)
    // atanh series of the mantissa between 1 and 2.
    let ratio = (value.significand - 1) / (value.significand + 1)
    let square = ratio * ratio
    let series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11))))
    return exponent + 2 * ratio * series * 1.442_695_040_888_963_4
}

/// Whether digits stand among letters as chance puts them, which no word, name or path does.
///
/// Of neighbouring bytes, a share is of another kind (digit, lower case, upper case): about 0.65 in base 62, 0.45 in
/// hexadecimal noise, and below 0.2 in identifiers.
func looksRandom(_ value: UnsafeRawBufferPointer) -> Bool {
    var changes = 0
    var digits = 0
    var letters = 0
    var last: UInt8 = 0xff
    for byte in value {
        let kind: UInt8
        if isDigit(byte) {
            kind = 0
            digits += 1
        } else if isLetter(byte) {
            kind = byte < 0x61 ? 1 : 2
            letters += 1
        } else {
            // Separators stand between words too.
            continue
        }
        if kind != last, last != 0xff { changes += 1 }
        last = kind
    }
    let share = changes * 100 / max(1, digits + letters - 1)
    switch digits {
    // Chance seldom leaves out digits, and words with capitals inside come close to it.
    case 0: return share >= 42
    case 1: return share >= 33
    default: return letters >= 2 && share >= 25
    }
}

/// Whether it is 32 hexadecimal digits or more, as keys of that many bits are written.
///
/// Of those, one in a hundred looks like less than chance to ``looksRandom(_:)``.
func isHexNoise(_ value: UnsafeRawBufferPointer) -> Bool {
    value.count >= 32 && value.contains(where: isDigit) && value.contains(where: isLetter)
        && value.allSatisfy { isDigit($0) || $0 &- 0x61 < 6 || $0 &- 0x41 < 6 }
}

/// Whether most of it is words run together with capitals, as in names of types.
func isWords(_ value: UnsafeRawBufferPointer) -> Bool {
    var inWords = 0
    var run = 0
    var capitals = 0
    func close() { if run >= 4 { inWords += run } }
    for byte in value {
        if byte &- 0x61 < 26 {
            run += 1
        } else {
            close()
            run = 0
            if byte &- 0x41 < 26 { capitals += 1 }
        }
    }
    close()
    return capitals > 0 && inWords * 2 > value.count
}

/// Whether it is one of the values that documentation shows: known examples, words for "put yours here", rows of the
/// same or of neighbouring characters.
func isPlaceholder(_ value: UnsafeRawBufferPointer) -> Bool {
    hasExampleWord(value) || isPeriodic(value) || hasLongRun(value)
}

/// Lower case, each at least four bytes, so that chance hardly ever writes one.
private let exampleWords: [[UInt8]] = [
    "example", "xxxx", "placeholder", "your-", "your_", "yourkey", "yourtoken", "yoursecret", "yourapi", "redacted",
    "dummy", "changeme", "change-me", "change_me", "sample", "replace", "insert", "notreal", "not-real", "not_real",
    "foobar", "****", "....", "<", "${", "{{", "%s", "$(", "deadbeef", "loremipsum", "thisisa", "this-is-",
    "this_is_", "testtest", "secretsecret", "passwordpassword", "mysecret", "my-secret", "my_secret",
    // Keys that documentation and emulators publish.
    "4ec39hqlyjwdarjtt1zdp7dc", "bqokikojvbii2hlwgh4olfq2", "ojyq4f1wm26kytvvj1ky", "eby8vdm02xnocqflquwjpllmetlcdxj1",
    "c2y6ydjf5/r+ob0n8a7cgv30vrdjiwehlm+4qdu5de2nq9ndu", "eyjzdwiioiixmjm0nty3odkwiiwi",
    "eyjsb2dnzwrjbkfzijoiywrtaw4i",
].map { Array($0.utf8) }

/// The first bytes of the words, so that most positions cost one look.
private let exampleStarts: ByteSet = {
    var starts = ByteSet()
    for word in exampleWords { starts.insert(word[0]) }
    return starts
}()

func hasExampleWord(_ value: UnsafeRawBufferPointer) -> Bool {
    for start in value.indices where exampleStarts.contains(lowered(value[start])) {
        for word in exampleWords where word.count <= value.count - start {
            if word.indices.allSatisfy({ lowered(value[start + $0]) == word[$0] }) { return true }
        }
    }
    return false
}

func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

/// The same up to twelve bytes again and again.
func isPeriodic(_ value: UnsafeRawBufferPointer) -> Bool {
    for period in 1...12 where period * 2 <= value.count {
        if value.indices.dropFirst(period).allSatisfy({ value[$0] == value[$0 - period] }) { return true }
    }
    return false
}

/// Seven bytes in a row that are the same, or each one more or one less than the one before.
private func hasLongRun(_ value: UnsafeRawBufferPointer) -> Bool {
    var length = 1
    var step = 0
    for index in value.indices.dropFirst() {
        let difference = Int(value[index]) - Int(value[index - 1])
        if abs(difference) <= 1, length == 1 || difference == step {
            step = difference
            length += 1
            if length >= 7 { return true }
        } else {
            length = abs(difference) <= 1 ? 2 : 1
            step = difference
        }
    }
    return false
}

/// What follows `eyJ` in a signed JSON web token: three parts, the second an object too.
func isWebToken(_ value: UnsafeRawBufferPointer) -> Bool {
    let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count >= 12, parts[1].count >= 12, parts[2].count >= 20 else { return false }
    return parts[1].starts(with: "eyJ".utf8)
}

/// `8-4-4-4-12` hexadecimal digits.
func isUUID(_ value: UnsafeRawBufferPointer) -> Bool {
    guard value.count == 36 else { return false }
    return value.indices.allSatisfy { index in
        switch index {
        case 8, 13, 18, 23: value[index] == UInt8(ascii: "-")
        default: isDigit(value[index]) || (value[index] | 0x20) &- 0x61 < 6
        }
    }
}
