extension FileError: CustomStringConvertible {
    /// A sentence for a person at the shell.
    package var description: String {
        switch self {
        case .unreadable(let source, let cause): "\(source.rawValue) cannot be read: \(cause)."
        case .endlessLine(let source, let limit):
            "\(source.rawValue) has a line of more than \(limit) bytes. It takes a text a line."
        case .notAsMarked(let name, let encoding):
            "\(name): The mark at its beginning says \(encoding), which it is not."
        case .zeroBytes(let name):
            "\(name): There are zero bytes in it, as in UTF-16 without a mark. Save it as UTF-8, for example with: "
                + "iconv -f UTF-16LE -t UTF-8"
        case .notUTF8(let name, let line):
            "\(name): Line \(line) is not UTF-8. Convert the text first, for example with: iconv -f CP949 -t UTF-8"
        }
    }
}
