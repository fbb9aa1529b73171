internal import CSimd

/// A view of the square feature maps of some images, (images, channels, size, size), in memory of another owner.
///
/// Like `Matrix`, it is a pointer with a shape: it must not outlive the memory.
public struct FeatureMaps {
    /// The address of the first number.
    let bytes: UnsafeMutableRawPointer
    /// The number of images.
    public let images: Int
    /// The number of maps of an image.
    public let channels: Int
    /// The width and height of a map.
    public let size: Int
    /// The order of the numbers in memory.
    public let layout: FeatureLayout
    /// The format of the numbers: f32 or bf16.
    public let format: NumberFormat

    /// Makes a view of memory with room for `numberCount(..)` numbers for each image.
    public init(memory: Matrix, images: Int, channels: Int, size: Int, layout: FeatureLayout) {
        precondition(
            images >= 0 && channels > 0 && size > 0,
            "Feature maps have at least one channel and pixel."
        )
        precondition(
            images * Self.numberCount(channels: channels, size: size, layout: layout)
                <= memory.rows * memory.width && memory.isDense && memory.format != .int8,
            "The memory is too small for the maps, or of a format that maps do not have."
        )
        bytes = memory.bytes
        self.images = images
        self.channels = channels
        self.size = size
        self.layout = layout
        format = memory.format
    }

    /// The numbers in the maps of one image, including those that fill the last block.
    public static func numberCount(channels: Int, size: Int, layout: FeatureLayout) -> Int {
        layout.filled(channels: channels) * size * size
    }

    /// The number of pixels in a map.
    public var positions: Int { size * size }

    /// Copies one image's maps to rows of floats: (channels, size, size) becomes (positions, channels).
    public func copy(image: Int, into rows: Matrix) {
        precondition(image >= 0 && image < images, "There is no such image.")
        precondition(rows.rows == positions && rows.width == channels, "The rows have another shape.")
        let width = layout.blockWidth(channels: channels)
        var source = image * Self.numberCount(channels: channels, size: size, layout: layout)
        for first in stride(from: 0, to: channels, by: width) {
            let count = min(width, channels - first)
            for position in 0..<positions {
                let target = rows.row(position) + first
                switch format {
                case .bf16: csimd_widen(Int64(count), halves + source, target)
                default: target.update(from: floats + source, count: count)
                }
                source += width
            }
        }
    }

    /// Fills one image's maps from consecutive planes of floats, (channels, size, size).
    public func fill(image: Int, fromPlanes planes: UnsafePointer<Float>) {
        precondition(image >= 0 && image < images, "There is no such image.")
        let width = layout.blockWidth(channels: channels)
        var target = image * Self.numberCount(channels: channels, size: size, layout: layout)
        for first in stride(from: 0, to: channels, by: width) {
            let count = min(width, channels - first)
            let source = planes + first * positions
            for position in 0..<positions {
                for channel in 0..<width {
                    let value = channel < count ? source[channel * positions + position] : 0
                    switch format {
                    case .bf16: halves[target + channel] = Self.half(value)
                    default: floats[target + channel] = value
                    }
                }
                target += width
            }
        }
    }

    private var floats: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
    private var halves: UnsafeMutablePointer<UInt16> { bytes.assumingMemoryBound(to: UInt16.self) }

    /// The upper half of a float, rounded to the nearest, ties to even.
    private static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}

extension ScratchArena {
    /// Memory for feature maps, with undefined content, until the surrounding scope ends.
    public func maps(
        images: Int,
        channels: Int,
        size: Int,
        layout: FeatureLayout,
        format: NumberFormat = .f32
    ) throws(KernelError) -> FeatureMaps {
        let numbers = FeatureMaps.numberCount(channels: channels, size: size, layout: layout)
        let memory = try matrix(rows: images, width: numbers, format: format)
        return FeatureMaps(memory: memory, images: images, channels: channels, size: size, layout: layout)
    }
}
