/// A value for every Unicode scalar, stored in pages of 256; a page exists only if one of its values is not the
/// default.
struct ScalarMap<Value: Sendable>: Sendable {
    private var pages: [UInt16]
    private var values: [Value]
    private let common: Value

    init(_ common: Value) {
        self.common = common
        pages = Array(repeating: 0, count: 0x1100)
        values = Array(repeating: common, count: 256)
    }

    subscript(scalar: UInt32) -> Value {
        get {
            let page = Int(scalar >> 8)
            guard page < pages.count else { return common }
            return values[Int(pages[page]) << 8 | Int(scalar & 0xFF)]
        }
        set {
            let page = Int(scalar >> 8)
            precondition(page < pages.count, "A Unicode scalar is at most U+10FFFF.")
            if pages[page] == 0 {
                pages[page] = UInt16(values.count >> 8)
                values.append(contentsOf: repeatElement(common, count: 256))
            }
            values[Int(pages[page]) << 8 | Int(scalar & 0xFF)] = newValue
        }
    }
}
