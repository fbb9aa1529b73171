/// One value of a JSON text, with what Python's `json` keeps of it: whether a number was written as an integer, and
/// the order of an object's members.
public indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    /// An integer literal that fits into 64 bits.
    case integer(Int)
    /// A longer integer literal, as the double nearest to it; infinite when there is none.
    case largeInteger(Double)
    /// A literal with a fraction or an exponent, `NaN`, or an infinity.
    case real(Double)
    case string(JSONText)
    case array([JSONValue])
    case object(JSONObject)
}

/// A string of a JSON text: valid UTF-8, shared with the text itself where it holds no escapes.
///
/// An image in base64 is megabytes long, so it must not be copied on its way to the decoder.
public struct JSONText: Hashable, Sendable {
    /// The string's UTF-8.
    public let utf8: ArraySlice<UInt8>

    /// A string of these bytes, which have to be UTF-8.
    public init(utf8: ArraySlice<UInt8>) {
        self.utf8 = utf8
    }

    /// The string as Swift's own, copied.
    public var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Whether the bytes are these; unlike `String`'s equality this tells composed and decomposed letters apart.
    public func equals(_ name: String) -> Bool {
        utf8.elementsEqual(name.utf8)
    }

    /// By its bytes, as it is compared.
    public func hash(into hasher: inout Hasher) {
        utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

/// An object of a JSON text.
///
/// A name given twice stands at its first place with its last value, as in Python.
public struct JSONObject: Sendable {
    /// One name with its value.
    public struct Member: Sendable {
        /// The name, escapes resolved.
        public let name: JSONText
        /// The last value of the name.
        public fileprivate(set) var value: JSONValue
    }

    /// The members in the order of their first appearance.
    public private(set) var members: [Member] = []
    /// Places of the members by name, kept only once there are too many to look through.
    private var places: [JSONText: Int] = [:]
    private static let linearSearchLimit = 16

    /// An object without members.
    public init() {}

    /// The value of a name, if there is one.
    public subscript(name: String) -> JSONValue? {
        if places.isEmpty { return members.first { $0.name.equals(name) }?.value }
        return places[JSONText(utf8: Array(name.utf8)[...])].map { members[$0].value }
    }

    /// Gives a name a value, at its first place.
    public mutating func set(_ name: JSONText, to value: JSONValue) {
        if let place = place(of: name) {
            members[place].value = value
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
