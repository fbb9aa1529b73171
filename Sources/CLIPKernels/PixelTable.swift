/// The normalised float that a network sees for each byte of red, green and blue.
///
/// The layers that read images look the floats up where they need them, so that no image of floats is ever made. Bytes
/// take a quarter of the memory while an image waits, and nothing is rounded differently.
public struct PixelTable: Equatable, Sendable {
    /// The number of channels: red, green and blue.
    public static let channels = 3

    /// The floats, (3, 256).
    private let values: [Float]

    /// `values` is (3, 256): the float for each byte in each channel.
    public init(_ values: [Float]) {
        precondition(values.count == Self.channels * 256, "There is a float for each byte of each channel.")
        self.values = values
    }

    /// Writes (count, 3) bytes as three planes of `count` floats, whose beginnings are `distance` floats apart.
    public func write(
        _ pixels: UnsafePointer<UInt8>,
        count: Int,
        to planes: UnsafeMutablePointer<Float>,
        apart distance: Int
    ) {
        let (green, blue) = (planes + distance, planes + 2 * distance)
        values.withUnsafeBufferPointer { values in
            for index in 0..<count {
                planes[index] = values[Int(pixels[3 * index])]
                green[index] = values[256 + Int(pixels[3 * index + 1])]
                blue[index] = values[512 + Int(pixels[3 * index + 2])]
            }
        }
    }
}
