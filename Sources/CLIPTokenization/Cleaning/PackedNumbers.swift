/// Reads the numbers of a packed table, which are hexadecimal and separated by white space.
enum PackedNumbers {
    static func read(_ table: String) -> [UInt32] {
        var numbers: [UInt32] = []
        numbers.reserveCapacity(table.utf8.count / 3)
        var number: UInt32 = 0
        var isInside = false
        for byte in table.utf8 {
            switch byte {
            case 0x30...0x39:
                number = number << 4 | UInt32(byte - 0x30)
                isInside = true
            case 0x61...0x66:
                number = number << 4 | UInt32(byte - 0x61 + 10)
                isInside = true
            default:
                if isInside { numbers.append(number) }
                number = 0
                isInside = false
            }
        }
        if isInside { numbers.append(number) }
        return numbers
    }
}
