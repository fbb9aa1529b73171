/// Where a text stops being the JSON that was asked for.
///
/// Each part of the program reports this in its own words and at its own position. So all the positions that may be
/// wanted are kept, as byte offsets from the beginning of the text.
public struct JSONFault: Error, Equatable, Sendable {
    /// What should have been there.
    public enum Expected: Equatable, Sendable {
        case byte(UInt8)
        case value
        case scalar
        case string
        case endOfString
        case noControlCharacter
        case escapedCharacter
        case hexadecimalDigits
        case surrogatePair
        case wholeNumber
        case noLeadingZeros
        case smallerNumber
        case number
        case end
        case shallower(limit: Int)
        case fewerNames(limit: Int)
        case shorterName(limit: Int)
    }

    /// What should have been there.
    public let expected: Expected
    /// Where the string, the escape or the number begins.
    public let token: Int
    /// The first byte that is wrong.
    public let offset: Int
    /// How far the text had been read when the fault was found.
    public let stop: Int
}

extension JSONFault.Expected: CustomStringConvertible {
    /// What was expected, as the subject of a sentence.
    public var description: String {
        switch self {
        case .byte(let byte): "'\(Character(Unicode.Scalar(byte)))'"
        case .value: "a value"
        case .scalar: "a string, a number, true, false or null"
        case .string: "a string"
        case .endOfString: "the end of a string"
        case .noControlCharacter: "no control character within a string"
        case .escapedCharacter: "an escaped character"
        case .hexadecimalDigits: "four hexadecimal digits"
        case .surrogatePair: "a surrogate pair"
        case .wholeNumber: "a whole number"
        case .noLeadingZeros: "a number without leading zeros"
        case .smallerNumber: "a number below 2^63"
        case .number: "a number"
        case .end: "the end"
        case .shallower(let limit): "a nesting of at most \(limit) levels"
        case .fewerNames(let limit): "at most \(limit) names"
        case .shorterName(let limit): "a name of at most \(limit) bytes"
        }
    }
}
