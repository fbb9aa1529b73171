internal import CJPEG
internal import CPictures

/// The libraries that decode pictures.
package enum ImagingLibraries {
    /// Their names and versions, as they are loaded; libjpeg-turbo's is that of its headers, since its library tells none.
    package static var versions: [(name: String, version: String)] {
        let webp = cwebp_version()
        // "LIBTIFF, Version 4.5.0", and its copyright on the lines behind.
        let tiff = String(cString: ctiff_version()).prefix { $0 != "\n" }.split(separator: " ").last ?? ""
        return [
            ("libjpeg-turbo", String(cString: cjpeg_version())), ("libpng", String(cString: cpng_version())),
            ("libtiff", String(tiff)), ("libwebp", "\(webp >> 16).\(webp >> 8 & 0xFF).\(webp & 0xFF)"),
            ("libavif", String(cString: cavif_version())), ("libheif", String(cString: cheif_version())),
        ]
    }

    /// Whether libheif can decode HEIC, for which it needs a plug-in or library of its own.
    package static var decodesHEIC: Bool { cheif_is_available() != 0 }
}
