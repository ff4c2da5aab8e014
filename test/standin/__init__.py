# SPDX-License-Identifier: Apache-2.0 - marks the stand-in for Clerk as a package
