/// One value of a JSON text.
///
/// It keeps what Python's `json` keeps: whether a number was written as an integer, and the order of an object's
/// members.
public indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    /// An integer literal that fits into 64 bits.
    case integer(Int)
    /// A longer integer literal, as the nearest double, or infinite if it is beyond all doubles.
    case largeInteger(Double)
    /// A literal with a fraction or an exponent, `NaN` or an infinity.
    case real(Double)
    case string(JSONText)
    case array([JSONValue])
    case object(JSONObject)
}

/// A string of a JSON text: valid UTF-8, which is a slice of the text if it holds no escapes.
///
/// An image in base64 has megabytes, so it is not copied on its way to the decoder.
public struct JSONText: Hashable, Sendable {
    /// The string's UTF-8.
    public let utf8: ArraySlice<UInt8>

    /// Makes a string of these bytes, which have to be UTF-8.
    public init(utf8: ArraySlice<UInt8>) {
        self.utf8 = utf8
    }

    /// A copy as a Swift string.
    public var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Whether the string has exactly these bytes; unlike `String`'s equality, this tells composed from decomposed
    /// letters.
    public func equals(_ name: String) -> Bool {
        utf8.elementsEqual(name.utf8)
    }

    /// Hashes the string's bytes, as equality compares them.
    public func hash(into hasher: inout Hasher) {
        utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

/// An object of a JSON text.
///
/// A repeated name keeps its first place and takes its last value, as in Python.
public struct JSONObject: Sendable {
    /// One name with its value.
    public struct Member: Sendable {
        /// The name, with escapes resolved.
        public let name: JSONText
        /// The last value given to the name.
        public fileprivate(set) var value: JSONValue
    }

    /// The members in the order of their first appearance.
    public private(set) var members: [Member] = []
    /// The first name that was given again: its place among the names, and that of the repetition; nil where each was given once.
    public private(set) var firstRepetition: (first: Int, place: Int)?
    /// The members' places by name, kept only when there are too many for a linear search.
    private var places: [JSONText: Int] = [:]
    private static let linearSearchLimit = 16

    /// An object without members.
    public init() {}

    /// The value of a name; nil if the object lacks it.
    public subscript(name: String) -> JSONValue? {
        if places.isEmpty { return members.first { $0.name.equals(name) }?.value }
        return places[JSONText(utf8: Array(name.utf8)[...])].map { members[$0].value }
    }

    /// Sets the value of a name; a name that is already there keeps its place.
    public mutating func set(_ name: JSONText, to value: JSONValue) {
        if let place = place(of: name) {
            members[place].value = value
            // All names before the first repetition are members, in their order.
            if firstRepetition == nil { firstRepetition = (place, members.count) }
            return
        }
        members.append(Member(name: name, value: value))
        if !places.isEmpty {
            places[name] = members.count - 1
        } else if members.count > Self.linearSearchLimit {
            for (place, member) in members.enumerated() { places[member.name] = place }
        }
    }

    private func place(of name: JSONText) -> Int? {
        places.isEmpty ? members.firstIndex { $0.name == name } : places[name]
    }
}
