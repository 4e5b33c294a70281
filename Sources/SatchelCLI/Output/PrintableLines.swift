import SatchelCore

/// A model's or a file's text for a terminal: line breaks and tabs stay, everything that could move the cursor goes.
func printableLines(_ text: String) -> String {
    var result = ""
    var line = ""
    for scalar in text.unicodeScalars {
        if scalar == "\n" || scalar == "\t" {
            result += printable(line)
            result.unicodeScalars.append(scalar)
            line = ""
        } else if scalar != "\r" {
            line.unicodeScalars.append(scalar)
        }
    }
    return result + printable(line)
}

extension String {
    var trimmingSpaces: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
