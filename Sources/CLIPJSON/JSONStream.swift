/// Reads JSON from beginning to end, strictly, without building a tree: a tokenizer's file has a million values.
///
/// The caller asks for what should come next. It throws errors of its own, and `failure` turns faults of the text into
/// such errors. Names and strings without escapes are slices of the text; copy what has to outlive it. Members with a
/// repeated name are all handed over, except by `object(once:)`.
public struct JSONStream<Failure: Error> {
    @usableFromInline var lexer: JSONLexer
    /// How many more arrays and objects may be opened inside the open ones.
    @usableFromInline var levels: Int
    @usableFromInline let deepest: Int
    @usableFromInline let failure: (JSONFault) -> Failure

    /// Reads a text that `UTF8Check` has accepted and whose arrays and objects nest at most `deepest` deep.
    public init(_ bytes: [UInt8], deepest: Int, failure: @escaping (JSONFault) -> Failure) {
        lexer = JSONLexer(bytes, replacingLoneSurrogates: false)
        levels = deepest
        self.deepest = deepest
        self.failure = failure
    }

    /// The error for a wrong value at the present position.
    public var malformed: Failure { failure(lexer.fault(.value)) }

    /// The first byte of the next value, which stays unread.
    @inlinable
    public mutating func peek() throws(Failure) -> UInt8 {
        lexer.skipWhitespace()
        guard let byte = lexer.current else { throw malformed }
        return byte
    }

    /// Whether the next value begins with this character.
    @inlinable
    public mutating func isNext(_ character: Unicode.Scalar) throws(Failure) -> Bool {
        try peek() == UInt8(ascii: character)
    }

    /// Checks that only white space is left.
    public mutating func finish() throws(Failure) {
        lexer.skipWhitespace()
        guard lexer.current == nil else { throw failure(lexer.fault(.end)) }
    }

    /// Reads an object; `member` has to read or skip each value.
    @inlinable
    public mutating func object(
        _ member: (inout JSONStream, ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try open("{")
        if !take("}") {
            repeat {
                let name = try text()
                try expect(":")
                try member(&self, name)
            } while take(",")
            try expect("}")
        }
        levels += 1
    }

    /// Reads an array; `element` has to read or skip each value.
    @inlinable
    public mutating func array(
        _ element: (inout JSONStream) throws(Failure) -> Void
    ) throws(Failure) {
        try open("[")
        if !take("]") {
            repeat { try element(&self) } while take(",")
            try expect("]")
        }
        levels += 1
    }

    /// Reads a string as UTF-8; without escapes it is a slice of the text.
    @inlinable
    public mutating func text() throws(Failure) -> ArraySlice<UInt8> {
        do throws(JSONFault) { return try lexer.string() } catch { throw failure(error) }
    }

    /// Reads a string as UTF-8 in memory of its own.
    @inlinable
    public mutating func string() throws(Failure) -> [UInt8] {
        Array(try text())
    }

    /// Reads a number as it is written, with any fraction and exponent.
    @inlinable
    public mutating func number() throws(Failure) -> ArraySlice<UInt8> {
        do throws(JSONFault) { return try lexer.number() } catch { throw failure(error) }
    }

    /// Reads a 64-bit whole number; one with a fraction or an exponent is refused.
    @inlinable
    public mutating func integer() throws(Failure) -> Int {
        do throws(JSONFault) { return try lexer.wholeNumber(signed: true) } catch { throw failure(error) }
    }

    /// Reads a whole number that is not negative and is written without a sign.
    public mutating func count() throws(Failure) -> Int {
        do throws(JSONFault) { return try lexer.wholeNumber(signed: false) } catch { throw failure(error) }
    }

    /// Skips a value of any kind.
    public mutating func skip() throws(Failure) {
        do throws(JSONFault) { try lexer.skip(levels: levels, of: deepest) } catch { throw failure(error) }
    }

    /// Skips a string, a number, `true`, `false` or `null`.
    public mutating func skipScalar() throws(Failure) {
        do throws(JSONFault) { try lexer.skipScalar() } catch { throw failure(error) }
    }

    // MARK: Single bytes, for arrays of a known length

    /// Skips a character, and white space before it, if it comes next; returns whether it did.
    @inlinable
    public mutating func take(_ character: Unicode.Scalar) -> Bool {
        lexer.take(UInt8(ascii: character))
    }

    /// Skips a character, which has to come next.
    @inlinable
    public mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard take(character) else { throw failure(lexer.fault(.byte(UInt8(ascii: character)))) }
    }

    /// Begins an array or an object; the caller has to add to `levels` again at its end.
    @inlinable
    mutating func open(_ character: Unicode.Scalar) throws(Failure) {
        lexer.skipWhitespace()
        guard lexer.current == UInt8(ascii: character) else {
            throw failure(lexer.fault(.byte(UInt8(ascii: character))))
        }
        guard levels > 0 else { throw failure(lexer.fault(.shallower(limit: deepest))) }
        levels -= 1
        lexer.position += 1
    }
}
